/**
 * Trusted Types: the one policy, `coffre`, and the only addresses that a script may come from.
 *
 * `require-trusted-types-for 'script'` refuses a plain text as a worker's address: it must pass
 * here, and here only hashed files of our own pass, and the verifier's service worker at its one address.
 * Browsers without Trusted Types take the text.
 */
interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

const OURS = /^(\/static\/[a-z-]+-[0-9A-F]{12}\.js|\/verifier\/service\.js)$/;

let policy: Policy | undefined;

/** Let a worker start from a file of ours; throw TypeError for any other address. */
export function scriptUrl(url: string): string {
  const allowed = allowOurs(url);
  const { trustedTypes } = globalThis as { trustedTypes?: Factory };
  if (trustedTypes === undefined) return allowed;
  policy ??= trustedTypes.createPolicy("coffre", { createScriptURL: allowOurs });
  // The DOM's types know no Trusted Types yet: the value stands where the text did.
  return policy.createScriptURL(url) as string;
}

function allowOurs(url: string): string {
  if (!OURS.test(url)) throw new TypeError("got a script that is not ours");
  return url;
}
