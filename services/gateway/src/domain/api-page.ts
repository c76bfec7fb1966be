import type { OpenApiDocument } from './openapi/document.ts';
import { type Call, callSection, callTitle } from './page/call-section.ts';
import { errorSection } from './page/error-section.ts';
import { type Html, html, prose, trusted } from './page/html.ts';
import { style } from './page/style.ts';

interface Chapter {
  readonly title: string;
  readonly id: string;
  readonly description: string | undefined;
  readonly calls: readonly Call[];
}

const chaptersOf = (document: OpenApiDocument): Chapter[] => {
  const calls = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Call => ({ method, path, operation })),
  );
  return document.tags.map(({ name, description }) => ({
    title: name,
    id: `tag-${name.toLowerCase().replaceAll(' ', '-')}`,
    description,
    calls: calls.filter(({ operation }) => operation.tags.includes(name)),
  }));
};

const sidebar = (document: OpenApiDocument, chapters: readonly Chapter[]): Html => html`<nav aria-label="Calls">
  <a class="brand" href="#top">${document.info.title}<small>HTTP interface · ${document.info.version}</small></a>
  ${chapters.map(
    ({ title, id, calls }) =>
      html`<h2><a href="#${id}">${title}</a></h2><ul>${calls.map(
        ({ method, operation }) =>
          html`<li><a href="#${operation.operationId}"><span class="method ${method}">${
            method === 'delete' ? 'DEL' : method.toUpperCase()
          }</span>${callTitle(operation)}</a></li>`,
      )}</ul>`,
  )}
  <h2><a href="#errors">Refusals</a></h2>
</nav>`;

const chapter = (
  document: OpenApiDocument,
  { title, id, description, calls }: Chapter,
): Html => html`<section id="${id}">
  <h2>${title}</h2>
  ${description === undefined ? undefined : html`<p>${prose(description)}</p>`}
  ${calls.map((call) => callSection(document, call))}
</section>`;

/**
 * Renders the OpenAPI document as one HTML page that stands alone: no script, nothing loaded from elsewhere, so that it
 * can be served under a policy that forbids both.
 */
export const renderApiPage = (document: OpenApiDocument): string => {
  const { info } = document;
  const chapters = chaptersOf(document);
  return html`<!doctype html>
<html lang="en" id="top">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} HTTP interface</title>
<style>${trusted(style)}</style>
</head>
<body>
<div class="layout">
${sidebar(document, chapters)}
<main>
  <div class="intro">
    <h1>${info.title}</h1>
    <p class="lead">${info.summary}</p>
    ${info.description.split('\n\n').map((paragraph) => html`<p>${prose(paragraph)}</p>`)}
    <p>For tools: <a class="link" href="/v1/openapi.json">openapi.json</a>, OpenAPI ${document.openapi}.</p>
  </div>
  ${chapters.map((each) => chapter(document, each))}
  ${errorSection(document)}
</main>
</div>
</body>
</html>
`.markup;
};
