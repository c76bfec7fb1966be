import { type Html, html, prose } from './html.ts';
import type { FieldRow } from './schema-text.ts';

const bounds = ({ bounds: text }: FieldRow): Html => (text === '' ? html`` : html`<small>${prose(text)}</small>`);

/** The last part of a dotted name stands out; lines break behind dots. */
const fieldName = (name: string): Html => {
  const parts = name.split('.');
  const parents = parts.slice(0, -1).map((part) => html`${part}.<wbr>`);
  return html`<code><span class="parent">${parents}</span>${parts.at(-1)}</code>`;
};

const fieldRow = (row: FieldRow): Html => html`<tr>
  <td>${fieldName(row.name)}${row.isRequired ? html` <b title="required">*</b>` : undefined}</td>
  <td class="type">${row.type}</td>
  <td>${prose(row.description)}${bounds(row)}</td>
</tr>`;

/** Table of parameters or of an object's members. */
export const fieldTable = (rows: readonly FieldRow[]): Html => html`<div class="scroll"><table class="fields">
  <thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>
  <tbody>${rows.map(fieldRow)}</tbody></table></div>`;
