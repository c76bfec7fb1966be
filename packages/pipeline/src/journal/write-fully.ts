import { writeSync } from 'node:fs';

/** Writes `length` bytes at `position`, however many calls the system takes for it. */
export const writeFully = (fd: number, buffer: Uint8Array, length: number, position: number): void => {
  let done = 0;
  while (done < length) {
    const written = writeSync(fd, buffer, done, length - done, position + done);
    if (written === 0) throw Object.assign(new Error('the file takes no more bytes'), { code: 'EIO' });
    done += written;
  }
};
