import type { ExtendedS3Destination } from './destination-shape.js';

type Processor = NonNullable<NonNullable<ExtendedS3Destination['ProcessingConfiguration']>['Processors']>[number];

/** The first processor of the type; nothing when processing is off. */
export const processorOf = (destination: ExtendedS3Destination, type: Processor['Type']): Processor | undefined =>
  destination.ProcessingConfiguration?.Enabled
    ? destination.ProcessingConfiguration.Processors?.find((processor) => processor.Type === type)
    : undefined;

/** The value of a processor's parameter, as text. */
export const parameterOf = (processor: Processor | undefined, name: string): string | undefined =>
  processor?.Parameters?.find((parameter) => parameter.ParameterName === name)?.ParameterValue;
