/* Numbers in JSON, which read back as what they were. */
#ifndef LKS_WORKER_NUMBER_H
#define LKS_WORKER_NUMBER_H

enum { LKS_NUMBER_TEXT = 32 };

/* The shortest decimal of at least six digits that reads back as x; "null" for what is
 * not finite, for which JSON has no number. Returns `text`. */
const char *lks_number_text(double x, char text[LKS_NUMBER_TEXT]);
/* The same of a float32, which reads back as that. */
const char *lks_number_text_f32(float x, char text[LKS_NUMBER_TEXT]);

#endif
