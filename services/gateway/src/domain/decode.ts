import { create, type DescMethod, type Message } from '@bufbuild/protobuf';
import { VaultError } from '@scaivault/errors';
import { type FieldSources, fieldSourcesOf } from './decoding/field-sources.ts';
import { compileMembers, type Target } from './decoding/object-reader.ts';
import { compileQuery } from './decoding/query-reader.ts';
import { createViolations, type Violations } from './decoding/violations.ts';
import type { HttpRule } from './http-rule.ts';
import { scanDocument } from './json/document.ts';

/** The parts of an HTTP request that can fill a message. */
export interface RequestParts {
  /** As the route table decoded them, by proto field name. */
  readonly params: Readonly<Record<string, string>>;
  /** What follows the question mark, undecoded; empty without one. */
  readonly query: string;
  /** Value of a header, by lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array | undefined;
}

export interface RequestDecoder {
  decode(parts: RequestParts): Message;
}

type BodyReader = (body: Uint8Array | undefined, target: Target, violations: Violations) => void;

const refuseBody: BodyReader = (body) => {
  if (body !== undefined && body.length > 0) {
    throw new VaultError('invalid_request', 'This call takes no body.', { details: { reason: 'body_not_allowed' } });
  }
};

const noBytes = new Uint8Array(0);

const compileBody = (sources: FieldSources, rule: HttpRule): BodyReader => {
  const { rawBody, nulls } = sources;
  if (!rule.hasBody) return refuseBody;
  if (rawBody !== undefined) {
    return (body, target) => {
      target[rawBody.localName] = body ?? noBytes;
    };
  }
  const readMembers = compileMembers(sources.body, nulls);
  const mayBeEmpty = sources.body.length === 0;
  return (body, target, violations) => {
    if (mayBeEmpty && (body === undefined || body.length === 0)) return;
    readMembers((onMember) => scanDocument(body ?? noBytes, onMember), '', target, violations);
  };
};

/**
 * Compiles what turns HTTP requests into a method's request message (rest-api-core 1.1, 15). `decode` throws 400
 * `invalid_request` for bodies and queries that cannot be read, and 422 `validation_error` with every field that is
 * unknown or of the wrong type; the contract's field rules are the service's business.
 */
export const compileDecoder = (method: DescMethod, rule: HttpRule): RequestDecoder => {
  const sources = fieldSourcesOf(method, rule);
  const readQuery = compileQuery(sources.query);
  const readBody = compileBody(sources, rule);
  return {
    decode: ({ params, query, header, body }) => {
      const message = create(method.input);
      const target: Target = message;
      const violations = createViolations();
      readQuery(query, target, violations);
      readBody(body, target, violations);
      for (const { field, header: name } of sources.headers) {
        const value = header(name);
        if (value !== undefined) target[field.localName] = value;
      }
      for (const { name, localName } of sources.path) target[localName] = params[name] ?? '';
      violations.raise();
      return message;
    },
  };
};
