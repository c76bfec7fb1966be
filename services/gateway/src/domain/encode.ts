import type { DescMessage, Message } from '@bufbuild/protobuf';
import { compileMessageWriter } from './encoding/message-writer.ts';

export type MessageEncoder = (message: Message) => string;

/**
 * Compiles what turns a message into JSON text (rest-api-core 1.1, 1.4): snake_case names in the contract's order, unset
 * fields as null unless `omit_unset`, raw fields as the JSON they hold, timestamps in whole seconds unless `micros`,
 * maps as objects. Throws at compile time for kinds of fields that no answer has.
 */
export const compileEncoder = (desc: DescMessage): MessageEncoder => {
  const write = compileMessageWriter(desc);
  return (message) => write(message);
};
