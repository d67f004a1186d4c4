/** What the copy of a plugin's tables is called that was made when there was one for each, and no change had a name. */
export const earlierCopy = "earlier";
