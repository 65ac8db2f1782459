import type { Realm } from './realm.js';
import { replaced } from './replaced.js';

let ofFrame: Realm | undefined;

/** The built-ins of an empty frame, which no script of the page has touched. Throws where no frame is to be had. */
replaced._realm = () => {
  if (!ofFrame) {
    const frame = globalThis.Document.prototype.createElement.call(document, 'iframe') as HTMLIFrameElement;
    frame.hidden = true;
    document.documentElement.appendChild(frame);
    ofFrame = frame.contentWindow as unknown as Realm;
    setTimeout(() => frame.remove());
  }
  return ofFrame;
};
