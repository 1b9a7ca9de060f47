import { EXIT } from './exit-codes.js';

/** Resolves at the first signal; the second ends the process without further ado. */
export function interrupted(): Promise<'stop'> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(EXIT.interrupted);
      asked = true;
      resolve('stop');
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
