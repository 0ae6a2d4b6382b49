"""Pictures of models and of activation functions. Matplotlib is imported when one is drawn."""
