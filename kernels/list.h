/*
 * The one list of kernels: name, operands (fewest, most), integer attributes, float attributes. A REAL kernel exists as
 * name_f32 and name_f64, a PLAIN one once. Position = kernel id, so ids are looked up by name at load and never stored.
 * A new kernel is its function in a chapter and its line here; run.c makes the table, check.c the checks from it.
 */
#define KERNEL_LIST(REAL_KERNEL, PLAIN_KERNEL)                                                                         \
    REAL_KERNEL(gather_rows, 1, 1, 1, 0)                                                                               \
    PLAIN_KERNEL(gather_labels, 1, 1, 2, 0)                                                                            \
    REAL_KERNEL(scatter_rows, 1, 1, 1, 0)                                                                              \
    PLAIN_KERNEL(scatter_rows_i32, 1, 1, 1, 0)                                                                         \
    REAL_KERNEL(dense_forward, 3, 4, 1, 0)                                                                             \
    REAL_KERNEL(dense_activation_forward, 3, 4, 2, 0)                                                                  \
    REAL_KERNEL(dense_dx, 3, 3, 0, 0)                                                                                  \
    REAL_KERNEL(dense_activation_dx, 4, 4, 1, 0)                                                                       \
    REAL_KERNEL(dense_dw, 3, 3, 0, 0)                                                                                  \
    REAL_KERNEL(dense_db, 2, 2, 0, 0)                                                                                  \
    REAL_KERNEL(dense_dw_sgd_step, 3, 3, 0, 1)                                                                         \
    REAL_KERNEL(dense_dw_momentum_step, 4, 4, 1, 2)                                                                    \
    REAL_KERNEL(dense_dw_rmsprop_step, 4, 6, 2, 4)                                                                     \
    REAL_KERNEL(dense_dw_adam_step, 5, 5, 0, 4)                                                                        \
    REAL_KERNEL(dense_db_sgd_step, 2, 2, 0, 1)                                                                         \
    REAL_KERNEL(dense_db_momentum_step, 3, 3, 1, 2)                                                                    \
    REAL_KERNEL(dense_db_rmsprop_step, 3, 5, 2, 4)                                                                     \
    REAL_KERNEL(dense_db_adam_step, 4, 4, 0, 4)                                                                        \
    REAL_KERNEL(activation_forward, 2, 2, 1, 0)                                                                        \
    REAL_KERNEL(activation_backward, 3, 3, 1, 0)                                                                       \
    REAL_KERNEL(softmax_forward, 2, 2, 0, 0)                                                                           \
    REAL_KERNEL(softmax_backward, 3, 3, 0, 0)                                                                          \
    REAL_KERNEL(log_softmax_forward, 2, 2, 0, 0)                                                                       \
    REAL_KERNEL(log_softmax_backward, 3, 3, 0, 0)                                                                      \
    REAL_KERNEL(dropout, 2, 2, 4, 1)                                                                                   \
    REAL_KERNEL(random_uniform, 1, 1, 3, 0)                                                                            \
    REAL_KERNEL(random_normal, 1, 1, 3, 0)                                                                             \
    REAL_KERNEL(row_moments, 2, 2, 1, 1)                                                                               \
    REAL_KERNEL(layer_norm_forward, 2, 4, 3, 1)                                                                        \
    REAL_KERNEL(layer_norm_backward, 4, 5, 2, 0)                                                                       \
    REAL_KERNEL(layer_norm_dgamma, 4, 4, 0, 0)                                                                         \
    REAL_KERNEL(batch_variance, 2, 2, 0, 0)                                                                            \
    REAL_KERNEL(batch_norm_forward, 4, 6, 2, 1)                                                                        \
    REAL_KERNEL(batch_norm_backward, 7, 8, 1, 1)                                                                       \
    REAL_KERNEL(batch_norm_dgamma, 5, 5, 0, 1)                                                                         \
    REAL_KERNEL(unary, 2, 2, 1, 0)                                                                                     \
    REAL_KERNEL(binary, 3, 3, 1, 0)                                                                                    \
    REAL_KERNEL(scale, 2, 2, 0, 2)                                                                                     \
    REAL_KERNEL(clip, 2, 2, 0, 2)                                                                                      \
    REAL_KERNEL(clip_backward, 3, 3, 0, 2)                                                                             \
    REAL_KERNEL(where, 4, 4, 0, 0)                                                                                     \
    REAL_KERNEL(equal_i32, 3, 3, 0, 0)                                                                                 \
    REAL_KERNEL(cast_i32, 2, 2, 0, 0)                                                                                  \
    REAL_KERNEL(user_function, 2, 3, 1, 0)                                                                             \
    REAL_KERNEL(reduce_columns, 2, 2, 1, 0)                                                                            \
    REAL_KERNEL(argmax_i32, 2, 2, 0, 0)                                                                                \
    REAL_KERNEL(reduce_rows, 2, 2, 1, 0)                                                                               \
    REAL_KERNEL(spread_mean, 2, 2, 0, 0)                                                                               \
    REAL_KERNEL(one_hot, 2, 2, 0, 0)                                                                                   \
    REAL_KERNEL(copy, 2, 2, 0, 0)                                                                                      \
    REAL_KERNEL(sparse_softmax_crossentropy_forward, 3, 3, 0, 0)                                                       \
    REAL_KERNEL(sparse_softmax_crossentropy_backward, 4, 4, 0, 0)                                                      \
    REAL_KERNEL(softmax_crossentropy_forward, 3, 3, 0, 0)                                                              \
    REAL_KERNEL(softmax_crossentropy_backward, 4, 4, 0, 0)                                                             \
    REAL_KERNEL(sigmoid_crossentropy_forward, 3, 3, 0, 0)                                                              \
    REAL_KERNEL(sigmoid_crossentropy_backward, 4, 4, 0, 0)                                                             \
    REAL_KERNEL(loss_mean, 2, 3, 3, 0)                                                                                 \
    REAL_KERNEL(loss_mean_backward, 2, 3, 2, 1)                                                                        \
    REAL_KERNEL(metric_mean, 2, 3, 1, 0)                                                                               \
    PLAIN_KERNEL(metric_scalar, 2, 2, 0, 0)                                                                            \
    PLAIN_KERNEL(epoch_end, 1, 1, 1, 0)                                                                                \
    REAL_KERNEL(sgd_step, 2, 2, 0, 1)                                                                                  \
    REAL_KERNEL(momentum_step, 3, 3, 1, 2)                                                                             \
    REAL_KERNEL(rmsprop_step, 3, 5, 2, 4)                                                                              \
    REAL_KERNEL(adam_step, 4, 4, 0, 4)                                                                                 \
    REAL_KERNEL(assign, 2, 2, 0, 0)
