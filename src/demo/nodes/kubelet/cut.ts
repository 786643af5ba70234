import { Writable } from 'node:stream';
import type { RemoteCommandSession } from '../streaming/remote-command.ts';

/** The session with a connection that breaks, without a status, after so many bytes of stdout. */
export function cutAfter(session: RemoteCommandSession, bytes: number): RemoteCommandSession {
  let left = bytes;
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      session.stdout.write(part, () => {
        if (left <= 0) session.cut();
        done();
      });
    },
  });
  return { ...session, stdout };
}
