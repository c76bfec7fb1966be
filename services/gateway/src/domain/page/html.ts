/** Markup that is safe to put into a page. */
export interface Html {
  readonly markup: string;
}

export type HtmlPart = Html | string | number | undefined | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const markupOf = (part: HtmlPart): string => {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map((each) => each.markup).join('');
};

/** Template for markup: what is put in is escaped unless it is markup itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html => ({
  markup: strings.reduce((text, piece, i) => text + markupOf(parts[i - 1]) + piece),
});

/** Text of our own that is markup already, such as a style sheet. */
export const trusted = (markup: string): Html => ({ markup });

/** Text in which backticks set off code. */
export const prose = (text: string | undefined): Html => {
  const pieces = (text ?? '').split('`');
  // An odd number of pieces means that all backticks come in pairs.
  if (pieces.length % 2 === 0) return html`${text}`;
  return {
    markup: pieces.map((piece, i) => (i % 2 === 0 ? html`${piece}` : html`<code>${piece}</code>`).markup).join(''),
  };
};
