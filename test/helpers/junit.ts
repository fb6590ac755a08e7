import { SaxesParser } from 'saxes';

/** An element as a reader that shares no code with rqt sees it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

interface Draft extends Element {
  children: Draft[];
  text: string;
}

/** Reads an XML document strictly; throws for whatever XML 1.0 does not allow. */
export function parseXml(xml: string): Element {
  const root: Draft = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Draft = { name, attributes: { ...attributes } as Record<string, string>, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', text => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  const [document] = root.children;
  if (!document) throw new Error('there is no element');
  return document;
}

/** Every element of this name, in the order of the document. */
export function elements(from: Element, name: string): Element[] {
  return from.children.flatMap(child => [...(child.name === name ? [child] : []), ...elements(child, name)]);
}
