/**
 * Emscripten's JavaScript reads C strings as UTF-8 and loses what is not: names of files have to come back as they were. Its
 * functions are made to ask those of the module (`TextFunctions`) where a text is more than that.
 */
const CHANGES: readonly (readonly [from: string, to: string])[] = [
  [
    'if(endPtr-idx>16&&heapOrArray.buffer&&UTF8Decoder){return UTF8Decoder.decode(heapOrArray.subarray(idx,endPtr))}',
    'if(heapOrArray.buffer){return Module.textOfBytes(heapOrArray.subarray(idx,endPtr))}',
  ],
  [
    'var lengthBytesUTF8=str=>{',
    'var lengthBytesUTF8=str=>{if(!str.isWellFormed())return Module.bytesOfText(str).length;',
  ],
  [
    'var stringToUTF8Array=(str,heap,outIdx,maxBytesToWrite)=>{outIdx>>>=0;if(!(maxBytesToWrite>0))return 0;',
    'var stringToUTF8Array=(str,heap,outIdx,maxBytesToWrite)=>{outIdx>>>=0;if(!(maxBytesToWrite>0))return 0;if(!str.isWellFormed()){var bytes=Module.bytesOfText(str).subarray(0,maxBytesToWrite-1);heap.set(bytes,outIdx);heap[outIdx+bytes.length]=0;return bytes.length}',
  ],
];

/** What Emscripten's module is given to read and write text with. */
export interface TextFunctions {
  textOfBytes(bytes: Uint8Array): string;
  bytesOfText(text: string): Uint8Array;
}

/** @param factory the text of `pyodide.asm.mjs`. @throws an Error when it is not as it was when this was written. */
export function keepBytesOfNames(factory: string): string {
  return CHANGES.reduce((text, [from, to]) => {
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`Expected this once in Emscripten's JavaScript: ${from}`);
    return parts.join(to);
  }, factory);
}
