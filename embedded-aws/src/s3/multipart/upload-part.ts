import { invalidRequest } from '../errors.js';
import { sendEmpty } from '../http/answer.js';
import { planBody, receiveBody } from '../http/body.js';
import type { Handler } from '../operations/call.js';
import { partNumberOf, uploadOf } from './upload-request.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Handler = async (call) => {
  const { request, body, response, uploads } = call;
  const number = partNumberOf(request.query);
  const plan = planBody(request.headers);
  const upload = await uploadOf(call);
  const given = plan.checksum?.algorithm ?? plan.trailer;
  if (upload.checksum && given !== upload.checksum.algorithm)
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}, actual checksum Type: ${given ?? 'null'}`,
    );
  const content = await uploads.newPartFile(upload);
  try {
    const { bytes, md5, checksum } = await receiveBody(body, plan, content.write);
    const part = { number, size: bytes, etag: md5, ...(checksum && { checksum }) };
    await uploads.putPart(upload, part, content);
    sendEmpty(response, 200, {
      etag: `"${md5}"`,
      ...(checksum && { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value }),
      'content-length': '0',
    });
  } finally {
    await content.discard();
  }
};
