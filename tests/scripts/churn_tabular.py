"""A competition table: categories, missing values, imbalance, submission file."""
import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.compose import ColumnTransformer
from sklearn.metrics import classification_report, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from tensorflow.keras.callbacks import EarlyStopping, ReduceLROnPlateau
from tensorflow.keras.layers import BatchNormalization, Dense, Dropout
from tensorflow.keras.models import Sequential

tf.random.set_seed(0)
rng = np.random.default_rng(0)
n = 3000
df = pd.DataFrame({
    "CustomerId": np.arange(n),
    "Geography": rng.choice(["France", "Germany", "Spain"], n),
    "Gender": rng.choice(["Female", "Male"], n),
    "Age": rng.integers(18, 80, n),
    "Balance": np.where(rng.random(n) < 0.3, np.nan, rng.gamma(3, 20000, n)),
    "Active": rng.integers(0, 2, n),
})
score = 0.09 * (df["Age"] - 50) - 1.6 * df["Active"] + 1.2 * (df["Geography"] == "Germany") - 1.6
df["Exited"] = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)

df["Balance"] = df["Balance"].fillna(df["Balance"].median())
X = df.drop(columns=["CustomerId", "Exited"])
y = df["Exited"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
transformer = ColumnTransformer([
    ("numbers", StandardScaler(), ["Age", "Balance", "Active"]),
    ("categories", OneHotEncoder(), ["Geography", "Gender"]),
])
X_train = transformer.fit_transform(X_train)
X_test = transformer.transform(X_test)

weights = compute_class_weight("balanced", classes=np.unique(y_train), y=y_train)
class_weight = dict(enumerate(weights))

model = Sequential()
model.add(Dense(32, activation="relu", input_shape=(X_train.shape[1],)))
model.add(BatchNormalization())
model.add(Dropout(0.2))
model.add(Dense(16, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.01), loss="binary_crossentropy",
              metrics=["accuracy", tf.keras.metrics.AUC(name="auc")])
early = EarlyStopping(monitor="val_auc", mode="max", patience=8, restore_best_weights=True)
plateau = ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3, verbose=0)
history = model.fit(X_train, y_train, validation_split=0.2, epochs=40, batch_size=64,
                    class_weight=class_weight, callbacks=[early, plateau], verbose=0)
print("stopped:", len(history.history["loss"]) <= 40, sorted(history.history)[:3])

y_prob = model.predict(X_test).ravel()
y_pred = (model.predict(X_test) > 0.5).astype("int32")
print("AUC: %.3f" % roc_auc_score(y_test, y_prob))
report = classification_report(y_test, y_pred, output_dict=True)
print("recall of those who left: %.2f" % report["1"]["recall"])
submission = pd.DataFrame({"id": np.arange(len(y_pred)), "Exited": y_pred.flatten()})
submission.to_csv("submission.csv", index=False)
print("submission:", pd.read_csv("submission.csv").shape)
