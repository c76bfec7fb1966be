import { type Html, html, prose } from './html.ts';
import type { FieldRow } from './schema-text.ts';

const bounds = ({ bounds: text }: FieldRow): Html => (text === '' ? html`` : html`<small>${prose(text)}</small>`);

/** The last part of a dotted name stands out. */
const fieldName = (name: string): Html => {
  const end = name.lastIndexOf('.') + 1;
  return html`<code><span class="parent">${name.slice(0, end)}</span>${name.slice(end)}</code>`;
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
