/* Found only where -I arrives. */
#define SP_HEADER 1
