#include "worker/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *lks_number_text(double x, char text[LKS_NUMBER_TEXT])
{
    if (!isfinite(x))
        return "null";
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, LKS_NUMBER_TEXT, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    return text;
}

const char *lks_number_text_f32(float x, char text[LKS_NUMBER_TEXT])
{
    if (!isfinite(x))
        return "null";
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, LKS_NUMBER_TEXT, "%.*g", digits, (double)x);
        if (strtof(text, NULL) == x)
            break;
    }
    return text;
}
