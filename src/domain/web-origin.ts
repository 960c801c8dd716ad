/** A scheme and an authority, without a path: `capacitor://localhost`, `chrome-extension://…`, `app://-`, `file://`. */
const appOrigin = /^[a-z][a-z0-9+.-]*:\/\/[^/\\?#@*\s,]*$/;

/**
 * An origin as a browser writes it into the `Origin` header: in lower case, and of a website without its default port.
 *
 * @returns null for a text that is not an origin, such as one with a path or a wildcard
 */
export function canonicalOrigin(text: string): string | null {
  const lower = text.toLowerCase();
  if (lower === 'null') return lower;
  if (!appOrigin.test(lower)) return null;
  if (!isWeb(lower)) return lower;
  return URL.parse(lower)?.origin ?? null;
}

/** Whether the origin belongs to a website. */
export function isWeb(origin: string): boolean {
  return origin.startsWith('https://') || origin.startsWith('http://');
}
