/**
 * A broker URL, or several separated by commas, without user, password or token. Everything before the last `@` of
 * each is hidden: a password may hold an `@`, and the scheme may be missing.
 */
export function withoutPasswords(url: string): string {
  return url.replace(/((?:^|,)\s*(?:[a-z][a-z0-9+.-]*:\/\/)?)[^,]*@/gi, '$1***@');
}
