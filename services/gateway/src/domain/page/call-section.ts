import type { OpenApiDocument, Operation, Parameter, Reference } from '../openapi/document.ts';
import { answersPart } from './answers-part.ts';
import { answerExample, curlExample } from './example.ts';
import { fieldTable } from './field-table.ts';
import { type Html, html, prose } from './html.ts';
import { boundsText, type FieldRow, fieldRows, typeText } from './schema-text.ts';

export interface Call {
  /** Lower case. */
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Names that keep their own spelling. */
const spellings: readonly (readonly [string, string])[] = [
  ['scai key', 'ScaiKey'],
  ['open api', 'OpenAPI'],
  ['am i', 'am I'],
];

/** `Read secret` for `readSecret`. */
export const callTitle = ({ operationId }: Operation): string => {
  const words = operationId.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return spellings.reduce((text, [plain, own]) => text.replace(plain, own), title);
};

/** Placeholders of a path stand out. */
const pathMarkup = (path: string): Html => {
  const pieces = path.split(/(\{[^}]*\})/);
  return html`${pieces.map((piece) => (piece.startsWith('{') ? html`<var>${piece}</var>` : html`${piece}`))}`;
};

const need = (label: string, value: string | undefined): Html =>
  value === undefined ? html`` : html`<div><dt>${label}</dt><dd><code>${value}</code></dd></div>`;

/** Where else than at its own path the call is served. */
const otherPaths = (operation: Operation): string | undefined => {
  const paths = [
    operation['x-scaivault-tenant-prefix'] === true ? '/v1/t/{tenant_id}/' : undefined,
    operation['x-scaivault-partner-prefix'] === true ? '/v1/partner/' : undefined,
  ].filter((path) => path !== undefined);
  return paths.length === 0 ? undefined : paths.join(' ');
};

const needs = (operation: Operation): Html => {
  const isPublic = operation.security?.length === 0;
  return html`<dl class="needs">
    <div><dt>Token</dt><dd>${isPublic ? 'none' : 'bearer'}</dd></div>
    ${need('Scope', operation['x-scaivault-scope'])}
    ${need('Permission', operation['x-scaivault-permission'])}
    ${need('Rate category', operation['x-scaivault-rate'])}
    ${need('Audit action', operation['x-scaivault-audit'])}
    ${need('Also below', otherPaths(operation))}
  </dl>`;
};

const shared = (document: OpenApiDocument, parameter: Parameter | Reference): Parameter | undefined =>
  'schema' in parameter ? parameter : document.components.parameters[parameter.$ref.split('/').at(-1) ?? ''];

const placeTitles = { path: 'In the path', query: 'In the query', header: 'Headers' } as const;

const parameterTables = (document: OpenApiDocument, operation: Operation): Html[] => {
  const parameters = (operation.parameters ?? []).flatMap((parameter) => shared(document, parameter) ?? []);
  return (['path', 'query', 'header'] as const).flatMap((place) => {
    const rows = parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, schema, required, description }): FieldRow => {
        const bounds = boundsText(schema);
        return { name, type: typeText(document, schema), isRequired: required, bounds, description };
      });
    return rows.length === 0 ? [] : [html`<h4>${placeTitles[place]}</h4>${fieldTable(rows)}`];
  });
};

const bodyTable = (document: OpenApiDocument, { method, operation }: Call): Html => {
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (schema === undefined) return html``;
  // In a merge patch null clears; in other bodies it says no more than leaving out does.
  const shown = (type: string): string => (method === 'patch' ? type : type.replace(/ or null$/, ''));
  const rows = fieldRows(document, schema).map((row) => ({ ...row, type: shown(row.type) }));
  return html`<h4>Body</h4>${rows.length === 0 ? html`<p>A JSON object.</p>` : fieldTable(rows)}`;
};

const exampleAnswer = (document: OpenApiDocument, operation: Operation): Html => {
  const example = answerExample(document, operation);
  return example === undefined ? html`` : html`<h4>Answer</h4><pre><code>${example}</code></pre>`;
};

/** Everything about one call. */
export const callSection = (document: OpenApiDocument, { method, path, operation }: Call): Html => html`
<article id="${operation.operationId}">
  <header>
    <h3><a href="#${operation.operationId}">${callTitle(operation)}</a></h3>
    <p class="line"><span class="method ${method}">${method.toUpperCase()}</span><code class="path">${pathMarkup(path)}</code></p>
    <p>${prose(operation.summary)}.${operation.description === undefined ? undefined : html` ${prose(operation.description)}`}</p>
  </header>
  <div class="columns">
    <div class="facts">
      ${needs(operation)}
      ${parameterTables(document, operation)}
      ${bodyTable(document, { method, path, operation })}
      ${answersPart(document, operation)}
    </div>
    <aside><div><h4>Example</h4><pre><code>${curlExample(document, method, path, operation)}</code></pre>
      ${exampleAnswer(document, operation)}</div></aside>
  </div>
</article>`;
