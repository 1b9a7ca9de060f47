/**
 * What looks like a secret, by the forms that vendors publish for theirs. A judge needs none of it, and a prompt goes to
 * another machine.
 */
const SECRETS: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{16,200}/g, // OpenAI, Anthropic
  /\bgh[pousr]_[A-Za-z0-9]{20,255}\b/g, // GitHub
  /\bgithub_pat_[A-Za-z0-9_]{20,255}\b/g,
  /\bglpat-[A-Za-z0-9_-]{16,64}\b/g, // GitLab
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS
  /\bxox[abprs]-[A-Za-z0-9-]{10,200}\b/g, // Slack
  /\bAIza[A-Za-z0-9_-]{30,60}\b/g, // Google
  /\beyJ[A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,500}/g, // JWT
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,10000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
  /\bS[AUCNOPX][A-Z2-7]{56}\b/g, // NATS seeds
];

/** `name=value`, `name: value` where the name says that the value is a secret. */
const NAMED =
  /\b([A-Za-z0-9_-]{0,40}(?:password|passwd|secret|token|api[_-]?key|apikey|authorization)["']?\s{0,4}[:=]\s{0,4}["']?)(?:Bearer\s+)?([^\s"',;]{6,500})/gi;

export function redactSecrets(text: string): string {
  let clean = text;
  for (const secret of SECRETS) clean = clean.replace(secret, '[secret]');
  return clean.replace(NAMED, '$1[secret]');
}
