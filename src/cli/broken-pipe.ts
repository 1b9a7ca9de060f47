/**
 * Ends the process quietly when whoever read its output has gone, as in `vigil logs a1 -f | head`: in order where the
 * command ends so at a signal, at once elsewhere. Node tells a writer so, but ends nobody.
 */
export function endWithReader(): void {
  let gone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (gone) return;
    gone = true;
    if (process.listenerCount('SIGTERM') === 0) process.exit();
    process.emit('SIGTERM');
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    // Talk that nobody hears.
    if (error.code !== 'EPIPE') throw error;
  });
}
