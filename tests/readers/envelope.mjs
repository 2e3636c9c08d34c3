// Opens envelopes by docs/format.md alone: Node's crypto, no other dependency.
//     node envelope.mjs VECTORS.json   prints for each vector what it holds (base64) or the error's name

import { createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const PREFIX = "eyJrZXlWZXJzaW9uIjo";
const JSON_FORM = new RegExp(
  '^\\{"keyVersion":([1-9][0-9]{0,8}),"v":1,"alg":"A256GCM",' +
    '"iv":"([A-Za-z0-9+/=]*)","tag":"([A-Za-z0-9+/=]*)","ct":"([A-Za-z0-9+/=]*)"\\}$',
);

function refuse(name) {
  throw Object.assign(new Error(name), { name });
}

// Decoding is generous; only what encoding gives back is accepted.
function base64(text, size) {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text || bytes.length !== (size ?? bytes.length)) {
    refuse("MalformedEnvelope");
  }
  return bytes;
}

export function parse(value) {
  if (!value.startsWith(PREFIX)) refuse("NotSealed");
  // As latin1 every byte is one character, so that nothing else can decode to the same letters.
  const found = JSON_FORM.exec(base64(value).toString("latin1"));
  if (!found) refuse("MalformedEnvelope");
  const [, version, iv, tag, ct] = found;
  return { version, iv: base64(iv, 12), tag: base64(tag, 16), ct: base64(ct) };
}

function u32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

const sized = (bytes) => Buffer.concat([u32(bytes.length), bytes]);
const texts = (...all) => Buffer.concat(all.map((text) => sized(Buffer.from(text))));

const PARTS = {
  int: (text) => Buffer.from("i" + BigInt(text)),
  uuid: (text) => Buffer.concat([Buffer.from("u"), Buffer.from(text.replaceAll("-", ""), "hex")]),
  text: (text) => Buffer.from("t" + text),
  null: () => refuse("EmptyKey"),
};

export function bound({ field, bind, row_key }, version) {
  const parts = bind === "row" ? row_key.map(([type, text]) => PARTS[type](text)) : [];
  const [before, after] = [texts("reseal/v1", field), texts(version, "A256GCM")];
  return Buffer.concat([before, u32(parts.length), ...parts.map(sized), after]);
}

export function open(value, keys, place) {
  const { version, iv, tag, ct } = parse(value);
  if (!Object.hasOwn(keys, version)) refuse("UnknownKeyVersion");
  const cipher = createDecipheriv("aes-256-gcm", Buffer.from(keys[version], "hex"), iv);
  cipher.setAAD(bound(place, version)).setAuthTag(tag);
  try {
    return Buffer.concat([cipher.update(ct), cipher.final()]);
  } catch {
    refuse("WillNotOpen");
  }
}

function answer(vector) {
  try {
    return open(vector.envelope ?? vector.value, vector.keys, vector).toString("base64");
  } catch (error) {
    return error.name;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { opens, refused } = JSON.parse(readFileSync(process.argv[2], "utf8"));
  console.log(JSON.stringify({ opens: opens.map(answer), refused: refused.map(answer) }));
}
