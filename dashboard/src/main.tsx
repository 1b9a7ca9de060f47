import { render } from 'preact';
import './style/tokens.css';
import './style/page.css';
import './style/fleet.css';
import './style/agent.css';
import './style/graphs.css';
import { App } from './app';
import { openSession } from './state/api';
import { followFleet } from './state/fleet';
import { follow } from './state/live';
import { say } from './state/notices';

try {
  await openSession();
} catch (error) {
  say(`The token in the address was refused: ${error instanceof Error ? error.message : error}`, true);
}
follow();
followFleet();
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
