/* OF(name): what the function `name` of a page is called for the element type T, which
 * whoever includes the page defines; in C++ they are overloads. FOR(name) is the same of
 * a dtype, DTYPE: its functions, and those of element.h. */
#ifndef LKS_REFERENCE_OF_H
#define LKS_REFERENCE_OF_H

#if defined(__cplusplus)
#define OF(name) name
#else
#define LKS_OF__(name, T) name##_##T
#define LKS_OF_(name, T)  LKS_OF__(name, T)
#define OF(name)          LKS_OF_(name, T)
#endif

#define LKS_FOR__(name, dtype) name##_##dtype
#define LKS_FOR_(name, dtype)  LKS_FOR__(name, dtype)
#define FOR(name)              LKS_FOR_(name, DTYPE)

#endif
