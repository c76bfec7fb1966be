import { type DescMethod, getOption } from '@bufbuild/protobuf';
import { waiting } from '@scaivault/contracts/options/v1/access';
import { defaultRpcTimeoutMs } from '../transport/limits.ts';

/** Milliseconds that a call may wait for something to happen (option `waiting`); 0 for most. */
export const longestWaitMs = (method: DescMethod): number => getOption(method, waiting).mostSeconds * 1000;

/** Milliseconds that a call has when its caller names no deadline. */
export const usualTimeoutMs = (method: DescMethod): number => defaultRpcTimeoutMs + longestWaitMs(method);
