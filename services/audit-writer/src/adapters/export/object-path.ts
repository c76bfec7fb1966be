/** A name as part of an address: encoded piece by piece, the slashes kept, as S3 and its kin sign it. */
export const objectPath = (name: string): string =>
  name
    .split('/')
    .map((piece) =>
      encodeURIComponent(piece).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
