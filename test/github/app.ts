import { createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, fail } from './server.js';

const HOUR_MS = 3_600_000;

/**
 * A GitHub App as GitHub sees it (docs.github.com, "Authenticating as a GitHub App"): it takes assertions that the App's key
 * has signed, gives out installation tokens for an hour, and takes nothing else.
 */
export class FakeApp {
  readonly id = 4711;
  readonly installation = 815;
  readonly key: string;
  /** Everything that was handed out or sent and must not be seen. */
  readonly secrets: string[] = [];
  /** Why assertions were refused. */
  readonly refusals: string[] = [];
  given = 0;
  readonly #publicKey: string;
  readonly #tokens = new Map<string, number>();

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    // As GitHub hands it out.
    this.key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    this.#publicKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.secrets.push(this.key.split('\n')[1] ?? '');
  }

  /** Before the answers of a `GitHubServer`. */
  readonly fault: Fault = (request, response) => {
    const [, secret = ''] = (request.headers.authorization ?? '').split(' ');
    if (secret !== '') this.secrets.push(secret);
    if (request.url === `/app/installations/${this.installation}/access_tokens`)
      return this.#give(secret, request, response);
    const validUntil = this.#tokens.get(secret);
    if (validUntil !== undefined && validUntil > Date.now()) return false;
    // As a careless proxy would: the answer says what it got.
    fail(response, 401, `Bad credentials: ${request.headers.authorization}`);
    return true;
  };

  #give(assertion: string, request: IncomingMessage, response: ServerResponse): true {
    const refusal = request.method === 'POST' ? this.#refusalOf(assertion) : 'not a POST';
    if (refusal !== undefined) {
      this.refusals.push(refusal);
      fail(response, 401, `A JSON web token could not be decoded: ${assertion}`);
      return true;
    }
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    this.secrets.push(token);
    this.given++;
    const until = Date.now() + HOUR_MS;
    this.#tokens.set(token, until);
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        token,
        expires_at: new Date(until).toISOString(),
        permissions: { issues: 'read' },
        repository_selection: 'all',
      }),
    );
    return true;
  }

  #refusalOf(assertion: string): string | undefined {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const parsed = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    if (parsed(head)['alg'] !== 'RS256') return 'not RS256';
    const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    if (!verify.verify(this.#publicKey, Buffer.from(signature, 'base64url'))) return 'not signed by the key';
    const { iss, iat, exp } = parsed(claims);
    const now = Date.now() / 1_000;
    if (String(iss) !== String(this.id)) return `issued by ${String(iss)}`;
    if (Number(iat) > now || Number(exp) <= now || Number(exp) - now > 600) return 'not of this time';
    return undefined;
  }
}
