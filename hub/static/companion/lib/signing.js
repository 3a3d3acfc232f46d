// Answers that have to be signed (docs/receipts.md): a key of this sign-in that can't leave the
// browser, the hashes of what is on the screen, and the statement.
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const encoder = new TextEncoder();

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// RFC 8785 takes its numbers and strings from JavaScript; only the order of members is left.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

async function hash(value) {
  return base64url(await crypto.subtle.digest("SHA-256", encoder.encode(canonical(value))));
}

export function contentHash(item) {
  const { id, version, category, title, summary, body, facts, links } = item;
  const actions = item.actions.map(({ verb, label, effect }) => ({ verb, label, effect }));
  return hash({ id, version, category, title, summary, body, facts, links, actions, subsystem: item.subsystem.key });
}

export function answerHash(comment, inputs) {
  const said = Object.entries(inputs || {}).filter(([, value]) => value !== null && value !== undefined);
  return hash({ comment: comment.trim(), inputs: said.length ? Object.fromEntries(said) : null });
}

// A new pair; null where the browser has none to give (no secure connection).
export async function newKey() {
  if (!crypto.subtle) return null;
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, jwk: { kty, crv, x, y } };
}

export async function sign({ key, item, verb, comment, inputs, onBehalfOf }) {
  const { nonce, device, issued_at } = item.challenge;
  const skew = item.read_here_at ? Date.parse(issued_at) - item.read_here_at : 0;
  const statement = {
    v: 1, notification: item.id.toLowerCase(), version: item.version,
    content: await contentHash(item), verb, answer: await answerHash(comment, inputs),
    on_behalf_of: onBehalfOf || null, nonce, device,
    signed_at: Math.floor((Date.now() + skew) / 1000),
  };
  const header = { alg: "ES256", typ: item.challenge.type };
  const signed = [header, statement].map((part) => base64url(encoder.encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, encoder.encode(signed));
  return `${signed}.${base64url(signature)}`;
}
