// typage (npm age-encryption), asked by test_age_interchange.py.
// node typage.mjs keygen hybrid|classic | encrypt RECIPIENT... | decrypt IDENTITY | passphrase TEXT
// Data on standard input, answer on standard output.
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { readFileSync, writeSync } from "node:fs";

const [, , act, ...words] = process.argv;
const answer = (data) => {
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at);
};

if (act === "keygen") {
  const make = words[0] === "hybrid" ? generateHybridIdentity : generateX25519Identity;
  const identity = await make();
  answer(Buffer.from(`${identity}\n${await identityToRecipient(identity)}\n`));
} else if (act === "encrypt") {
  const encrypter = new Encrypter();
  for (const recipient of words) encrypter.addRecipient(recipient);
  answer(await encrypter.encrypt(readFileSync(0)));
} else {
  const decrypter = new Decrypter();
  if (act === "passphrase") decrypter.addPassphrase(words[0]);
  else decrypter.addIdentity(words[0]);
  answer(await decrypter.decrypt(readFileSync(0)));
}
