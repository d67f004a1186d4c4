/** Of a module that is there from the beginning. */
export const part: string = "0.0.0";
