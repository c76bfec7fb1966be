import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { AccessSchema, access, RulesSchema, rules, SurfaceSchema, surface } from '@scaivault/contracts';

/** A field of an inline request message; plain text unless said otherwise. */
export interface InlineField {
  readonly name: string;
  readonly type?: keyof typeof FieldDescriptorProto_Type;
  readonly form?: 'plain' | 'optional' | 'repeated' | 'oneof';
  readonly rules?: MessageInitShape<typeof RulesSchema>;
}

/** An RPC of an inline service; without `access` it lacks the option. */
export interface InlineMethod {
  readonly name: string;
  readonly access?: MessageInitShape<typeof AccessSchema>;
  readonly streams?: boolean;
}

const label = FieldDescriptorProto_Label;

const fieldOf = (field: InlineField, index: number): FieldDescriptorProto => {
  const proto = create(FieldDescriptorProtoSchema, {
    name: field.name,
    number: index + 1,
    type: FieldDescriptorProto_Type[field.type ?? 'STRING'],
    label: field.form === 'repeated' ? label.REPEATED : label.OPTIONAL,
    ...(field.form === 'optional' || field.form === 'oneof' ? { oneofIndex: index } : {}),
    proto3Optional: field.form === 'optional',
  });
  if (field.rules !== undefined) {
    proto.options = create(FieldOptionsSchema);
    setExtension(proto.options, rules, create(RulesSchema, field.rules));
  }
  return proto;
};

/** A contract of a few lines for a test: service `test.v1.Probe` whose RPCs take these fields and answer with a text. */
export const inlineService = (options: {
  readonly peer?: string;
  readonly methods: readonly InlineMethod[];
  readonly fields?: readonly InlineField[];
}): { readonly service: DescService; readonly request: DescMessage } => {
  const serviceOptions = create(ServiceOptionsSchema);
  if (options.peer !== undefined) setExtension(serviceOptions, surface, create(SurfaceSchema, { peer: options.peer }));
  const fields = options.fields ?? [{ name: 'path' }];
  const method = ({ name, streams = false, ...option }: InlineMethod) => {
    const methodOptions = create(MethodOptionsSchema);
    if (option.access !== undefined) setExtension(methodOptions, access, create(AccessSchema, option.access));
    return {
      name,
      inputType: '.test.v1.Ask',
      outputType: '.test.v1.Answer',
      serverStreaming: streams,
      options: methodOptions,
    };
  };
  const file = create(FileDescriptorProtoSchema, {
    name: 'test/v1/probe.proto',
    package: 'test.v1',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Ask',
        field: fields.map(fieldOf),
        oneofDecl: fields.map(({ name }) => ({ name: `_${name}` })),
      },
      { name: 'Answer', field: [fieldOf({ name: 'text' }, 0)] },
    ],
    service: [{ name: 'Probe', method: options.methods.map(method), options: serviceOptions }],
  });
  const registry = createFileRegistry(file, () => undefined);
  const service = registry.getService('test.v1.Probe');
  const request = registry.getMessage('test.v1.Ask');
  if (service === undefined || request === undefined) throw new Error('The inline contract has no service.');
  return { service, request };
};
