import { type ApiContext, requireActive } from './context.js';
import { encryptionOf, requireDirectPut } from './encryption.js';
import type { OperationAnswers } from './request-model.js';

/** Turn server-side encryption on and off. */
export function encryptionOperations(
  context: ApiContext,
): OperationAnswers<'StartDeliveryStreamEncryption' | 'StopDeliveryStreamEncryption'> {
  const { definitions, clock, log } = context;
  return {
    async StartDeliveryStreamEncryption({ DeliveryStreamName: name, DeliveryStreamEncryptionConfigurationInput }) {
      const encryption = encryptionOf(DeliveryStreamEncryptionConfigurationInput, clock.wallMs());
      await definitions.edit(name, (definition) => {
        requireDirectPut(requireActive(context, definition, name));
        return { ...definition!, encryption };
      });
      log(`${name}: server-side encryption is on by the API, but nothing on this disk is encrypted`);
      return {};
    },

    async StopDeliveryStreamEncryption({ DeliveryStreamName: name }) {
      await definitions.edit(name, (definition) => {
        requireDirectPut(requireActive(context, definition, name));
        const { encryption } = definition!;
        return { ...definition!, encryption: { ...encryption, on: false, sinceMs: clock.wallMs() } };
      });
      return {};
    },
  };
}
