/* OF(name): what the function `name` of a page is called for the element type T, which
 * whoever includes the page defines. */
#ifndef LKS_REFERENCE_OF_H
#define LKS_REFERENCE_OF_H

#define LKS_OF__(name, T) name##_##T
#define LKS_OF_(name, T)  LKS_OF__(name, T)
#define OF(name)          LKS_OF_(name, T)

#endif
