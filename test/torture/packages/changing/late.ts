/** Of a module that is imported when somebody asks. */
export const late: string = "0.0.0";
