export * from './encode-aad.ts';
export { envelopeBytes, openEnvelope, sealEnvelope } from './envelope.ts';
export * from './integrity-error.ts';
export * from './key-chain.ts';
export * from './key-store.ts';
export * from './key-wrapper.ts';
export * from './local-key-wrapper.ts';
export * from './signing-key.ts';
