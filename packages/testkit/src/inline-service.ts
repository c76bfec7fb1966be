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
import {
  AccessSchema,
  AnswersSchema,
  access,
  answers,
  JsonSchema,
  json,
  RulesSchema,
  rules,
  SurfaceSchema,
  surface,
} from '@scaivault/contracts';

/** A field of an inline message; plain text unless said otherwise. */
export interface InlineField {
  readonly name: string;
  readonly type?: keyof typeof FieldDescriptorProto_Type;
  /** For type MESSAGE: `Ask` or `Answer`. */
  readonly message?: 'Ask' | 'Answer';
  readonly form?: 'plain' | 'optional' | 'repeated' | 'oneof';
  readonly rules?: MessageInitShape<typeof RulesSchema>;
  readonly json?: MessageInitShape<typeof JsonSchema>;
}

/** An RPC of an inline service; without `access` it lacks the option. One that names no audit action says `no_row`. */
export interface InlineMethod {
  readonly name: string;
  readonly access?: MessageInitShape<typeof AccessSchema>;
  readonly answers?: MessageInitShape<typeof AnswersSchema>;
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
    ...(field.message === undefined ? {} : { typeName: `.test.v1.${field.message}` }),
  });
  const options = create(FieldOptionsSchema);
  if (field.rules !== undefined) setExtension(options, rules, create(RulesSchema, field.rules));
  if (field.json !== undefined) setExtension(options, json, create(JsonSchema, field.json));
  proto.options = options;
  return proto;
};

/** A contract of a few lines for a test: service `test.v1.Probe` whose RPCs take these fields and answer with those. */
export const inlineService = (options: {
  readonly peer?: string;
  readonly partnerPrefix?: boolean;
  readonly methods: readonly InlineMethod[];
  readonly fields?: readonly InlineField[];
  /** A text when left out. */
  readonly answerFields?: readonly InlineField[];
}): { readonly service: DescService; readonly request: DescMessage; readonly answer: DescMessage } => {
  const serviceOptions = create(ServiceOptionsSchema);
  if (options.peer !== undefined) {
    const { peer, partnerPrefix = false } = options;
    setExtension(serviceOptions, surface, create(SurfaceSchema, { peer, partnerPrefix }));
  }
  const fields = options.fields ?? [{ name: 'path' }];
  const answerFields = options.answerFields ?? [{ name: 'text' }];
  const method = ({ name, streams = false, ...option }: InlineMethod) => {
    const methodOptions = create(MethodOptionsSchema);
    if (option.access !== undefined) {
      const { audit = '', noRow = audit === '' } = option.access;
      setExtension(methodOptions, access, create(AccessSchema, { ...option.access, noRow }));
    }
    if (option.answers !== undefined) setExtension(methodOptions, answers, create(AnswersSchema, option.answers));
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
      {
        name: 'Answer',
        field: answerFields.map(fieldOf),
        oneofDecl: answerFields.map(({ name }) => ({ name: `_${name}` })),
      },
    ],
    service: [{ name: 'Probe', method: options.methods.map(method), options: serviceOptions }],
  });
  const registry = createFileRegistry(file, () => undefined);
  const service = registry.getService('test.v1.Probe');
  const request = registry.getMessage('test.v1.Ask');
  const answer = registry.getMessage('test.v1.Answer');
  if (service === undefined || request === undefined || answer === undefined)
    throw new Error('The inline contract has no service.');
  return { service, request, answer };
};
