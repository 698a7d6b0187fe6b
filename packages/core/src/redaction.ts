const longest = 300;
const longestRead = 4_000;

// In this order: an address inside a URL goes with the URL.
// Each runs in linear time: a provider's answer must not stall the process.
const patterns: readonly (readonly [RegExp, string | ((match: string) => string)])[] = [
  [/\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s"'<>]+/gi, '[url]'],
  [/\b(?:bearer|basic|oauth)\s+[\w.~+/=-]{6,}/gi, '[token]'],
  [
    /\b(?:access_token|token|api_?key|secret|password|signature|hash)["']?\s*[=:]\s*["']?[^\s"'&,;]{4,}/gi,
    '[token]',
  ],
  [/[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|%40)[\w-]{1,64}(?:\.[\w-]{1,64})+/gi, '[email]'],
  [/\b\d{5,}:[\w-]{20,}/g, '[token]'],
  [/(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{24,}/gi, '[token]'],
  [/\+?\(?\d(?:[\s().-]{0,2}\d){6,}/g, '[number]'],
];

/**
 * What may be shown of a text that a provider wrote: secrets, tokens, URLs, e-mail addresses and phone numbers (and
 * whatever looks like one: any number of 7 digits or more) are replaced; at most 300 characters are kept.
 *
 * @param secrets texts that must not appear, also in their URL-encoded form
 */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let redacted = withoutSecrets(text, secrets);
  // What is cut in two may no longer look like what it is, so the last piece goes as a whole.
  if (redacted.length > longestRead) redacted = redacted.slice(0, longestRead).replace(/\S*$/, '');
  for (const [pattern, replacement] of patterns) {
    redacted = redacted.replace(pattern, (match) =>
      typeof replacement === 'string' ? replacement : replacement(match),
    );
  }
  return redacted.length > longest ? `${redacted.slice(0, longest - 1)}…` : redacted;
}

/** Does the text hold one of these secrets? */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  return withoutSecrets(text, secrets) !== text;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) {
    // Shorter ones would tear holes into ordinary words.
    if (secret.length < 4) continue;
    for (const form of formsOf(secret)) result = result.replaceAll(form, '[secret]');
  }
  return result;
}

function formsOf(secret: string): Set<string> {
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1)]);
  try {
    forms.add(encodeURIComponent(secret));
  } catch {
    // Half a surrogate pair has no URL-encoded form.
  }
  return forms;
}
