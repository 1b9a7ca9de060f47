import { findServer } from '../src/broker/find-server.js';
import { getServer } from '../src/broker/get-server.js';
import { Settings } from '../src/settings/schema.js';

/** What the tests need beside Node, run before them: a broker, got the way the product gets one. */
const OWN_FOLDER = '.vigil/bin';
if ((await findServer(undefined, OWN_FOLDER)) === undefined) {
  const { releaseUrl } = Settings.parse({}).nats;
  await getServer({ ownFolder: OWN_FOLDER, releaseUrl, onStep: (text) => console.error(text) });
}
