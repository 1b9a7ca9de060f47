import { fstatSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';

/** Writes to one of the runner's own standard streams. */
export interface Echo {
  /** Resolves when the reader can take more; a reader that is slow slows its writer. Never rejects. */
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * `process.stdout` writes to pipes synchronously: a reader that pauses would stop the heartbeats and the signals with
 * it. Here only the agent's own output waits. A reader that goes away ends the echo, not the agent.
 */
export function echoTo(fd: 1 | 2): Echo {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket() ? pipeEcho(fd) : fileEcho(fd);
}

function pipeEcho(fd: number): Echo {
  const socket = new Socket({ fd, readable: false, writable: true });
  let gone = false;
  const end = () => {
    gone = true;
  };
  socket.on('error', end).on('close', end);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        if (gone) resolve();
        // Called with the error, too.
        else socket.write(bytes, () => resolve());
      }),
  };
}

/** A file, or a terminal: written by a thread of libuv's, which may wait. */
function fileEcho(fd: number): Echo {
  const writeTo = promisify(write) as (
    fd: number,
    bytes: Uint8Array,
    from: number,
  ) => Promise<{ bytesWritten: number }>;
  let gone = false;
  const all = async (bytes: Uint8Array) => {
    for (let written = 0; written < bytes.length && !gone; ) {
      try {
        written += (await writeTo(fd, bytes, written)).bytesWritten;
      } catch (error) {
        // A terminal that another program has set to not wait is full.
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN')
          await new Promise((again) => setTimeout(again, 5));
        else gone = true;
      }
    }
  };
  let last: Promise<void> = Promise.resolve();
  return {
    write: (bytes) => {
      last = last.then(() => all(bytes));
      return last;
    },
  };
}
