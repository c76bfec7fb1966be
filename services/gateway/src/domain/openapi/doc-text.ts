import type { DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { docComments } from '@scaivault/contracts';

type Documented = DescField | DescMessage | DescMethod | DescService;

/** Comment of the contract on a thing; undefined when it speaks for itself. */
export const docTextOf = (desc: Documented): string | undefined => {
  const owner = desc.kind === 'field' || desc.kind === 'rpc' ? `${desc.parent.typeName}.${desc.name}` : desc.typeName;
  return docComments[owner];
};

/** First sentence, without its full stop, and what follows. */
export const splitSummary = (text: string): { summary: string; rest: string | undefined } => {
  const end = text.indexOf('. ');
  const summary = (end === -1 ? text : text.slice(0, end)).replace(/\.$/, '');
  return { summary, rest: end === -1 ? undefined : text.slice(end + 2) };
};

/** `{ [name]: value }`, or nothing for an absent value: OpenAPI knows no undefined members. */
export const given = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
