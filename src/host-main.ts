import { runHostProcess } from './host-process.js';

runHostProcess();
