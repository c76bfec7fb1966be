/** A json value already written out, so that writing it cannot fail once the driver has begun the statement. */
export class JsonText {
  readonly text: string;

  constructor(value: unknown) {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError('A statement was given a json value that json cannot write.');
    this.text = text;
  }
}
