import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { VigilError } from '../messages/errors.js';

export interface AccessOptions {
  /** Undefined: whoever reaches the address may use it. */
  readonly token: string | undefined;
  /** Names by which it may be reached, besides localhost, addresses and this machine's own. */
  readonly allowedHosts: readonly string[];
}

/** What of a request tells who sent it, as the headers have it. */
export interface Sender {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly site?: string | undefined;
}

/** Whether the address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Who may ask. A name that an attacker makes resolve to this machine is no name of ours (DNS rebinding), a page of
 * another origin gets nothing, and where there is a token it has to be shown: as a bearer, or as the cookie that a
 * browser got for it. The cookie is made from the token and does not tell it.
 */
export class Access {
  readonly #token: string | undefined;
  readonly #hosts: ReadonlySet<string>;
  readonly #cookieValue: string | undefined;

  constructor({ token, allowedHosts }: AccessOptions) {
    this.#token = token;
    this.#hosts = new Set(['localhost', hostname(), ...allowedHosts].map((name) => name.toLowerCase()));
    if (token !== undefined)
      this.#cookieValue = createHmac('sha256', token).update('vigil dashboard').digest('base64url');
  }

  get needsToken(): boolean {
    return this.#token !== undefined;
  }

  /** @throws VigilError FORBIDDEN when it comes by a strange name, or from a page that is not ours. */
  checkOrigin({ host, origin, site }: Sender): void {
    const name = nameIn(host);
    if (name === undefined || !(isIP(name) !== 0 || this.#hosts.has(name)))
      throw new VigilError('FORBIDDEN', `host ${shown(host)} is not known here; see http.allowedHosts`);
    if (origin !== undefined && hostIn(origin) !== host?.toLowerCase())
      throw new VigilError('FORBIDDEN', `a page of ${shown(origin)} may not ask`);
    if (site === 'cross-site') throw new VigilError('FORBIDDEN', 'another site may not ask');
  }

  /** @param cookieName of this port's cookie. @throws VigilError FORBIDDEN when the token is needed and not shown. */
  checkToken({ authorization, cookie }: Sender, cookieName: string): void {
    if (this.#token === undefined) return;
    const bearer = authorization?.match(/^Bearer (\S+)$/i)?.[1];
    if (bearer !== undefined && equal(bearer, this.#token)) return;
    const given = cookieOf(cookie, cookieName);
    if (given !== undefined && this.#cookieValue !== undefined && equal(given, this.#cookieValue)) return;
    throw new VigilError(
      'FORBIDDEN',
      'a token is needed; open the address that "vigil start" printed, or send it as a bearer',
    );
  }

  /** The cookie of a browser that has shown the token. */
  setCookie(cookieName: string): string {
    return `${cookieName}=${this.#cookieValue ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000`;
  }
}

/** Without telling by its time how much of it was right. */
function equal(given: string, known: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(known));
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.split('=', 2);
    if (key?.trim() === name) return value?.trim();
  }
  return undefined;
}

/** The name in a Host header, without its port. */
function nameIn(host: string | undefined): string | undefined {
  const match = host?.toLowerCase().match(/^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/);
  return match?.[1] ?? match?.[2]?.replace(/\.$/, '');
}

function hostIn(origin: string): string | undefined {
  return origin.match(/^https?:\/\/([^/]+)$/i)?.[1]?.toLowerCase();
}

function shown(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 80));
}
