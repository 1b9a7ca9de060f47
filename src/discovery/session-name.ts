import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';

/** Together one column of the verdict table. */
const PROJECT_CHARS = 15;
const SESSION_CHARS = 24;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const SUB_AGENT = /^agent-/;
/** Folder of a session's sub-agents, beside its own file. */
const SUB_AGENTS_FOLDER = 'subagents';

/**
 * Whether a file is a sub-agent's: `agent-<id>.jsonl`, beside the sessions of its project or in a folder of its session.
 */
export function isSubAgent(path: string): boolean {
  return SUB_AGENT.test(basename(path)) || basename(dirname(path)) === SUB_AGENTS_FOLDER;
}

/**
 * Id of the agent of a session: its project and its session, the same whenever and from wherever it is found.
 *
 * @param path the session's file.
 * @param cwd where the session was started, when its log says so first thing (Codex); else the folder names the project.
 */
export function sessionId(path: string, cwd: string | undefined): string {
  const project = tail(slug(cwd === undefined ? projectFolder(path) : basename(cwd)), PROJECT_CHARS);
  return `${project === '' ? 'session' : project}-${sessionPart(path)}`;
}

/** For the rare session whose id another one has. */
export function distinctId(id: string, path: string): string {
  return `${id.slice(0, 50)}-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
}

function projectFolder(path: string): string {
  const folder = dirname(path);
  return basename(basename(folder) === SUB_AGENTS_FOLDER ? dirname(dirname(folder)) : folder);
}

function sessionPart(path: string): string {
  const name = basename(path, extname(path));
  const match = UUID.exec(name);
  if (match === null) return slug(name).slice(0, SESSION_CHARS) || 'log';
  // The first digits of a version 7 id are a clock: sessions of one minute share them.
  return (match[1] === '7' ? match[0].slice(-8) : match[0].slice(0, 8)).toLowerCase();
}

function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, '');
}

/** The last words of it that fit: folders of Claude Code are whole paths, and the project stands last. */
function tail(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const end = text.slice(-chars);
  const dash = end.indexOf('-');
  const cutsWord = text.at(-chars - 1) !== '-';
  return (cutsWord && dash !== -1 && dash < chars - 1 ? end.slice(dash + 1) : end).replace(/^-+/, '');
}
